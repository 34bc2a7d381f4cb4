"""python -m kilovox: the same as the command kilovox."""

from kilovox.cli.main import main

main(prog_name="kilovox")
