"""What the main job can be asked for; apart, so that a command's help loads nothing else."""

TASKS = ("a", "b", "c")
RECIPES = ("kilovox", "seed")
