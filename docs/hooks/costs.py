"""Measure what the bundled integer models cost on emulated cores, for their pages.

    python docs/hooks/costs.py > costs.json && mv costs.json docs/hooks

Runs `kilovox verify MODEL --clips 3 --target cortex-m0,cortex-m4,riscv32` of each (FSDD where KILOVOX_FSDD names it, else
synthetic recordings; some minutes). Flash, RAM and stack depend on the compiler; instructions a second on the clips too.
"""

import json
import subprocess
import sys

MODELS = ("digits", "digits-pow2", "fsdd-int8", "fsdd-pow2", "listening", "listening-pow2")
TARGETS = "cortex-m0,cortex-m4,riscv32"
CLIPS = 3


def measured(model: str) -> dict[str, object]:
    """By target: flash, RAM and stack in bytes, and instructions."""
    command = [sys.executable, "-m", "kilovox", "verify", model, "--clips", str(CLIPS), "--target", TARGETS, "--json"]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 (our own command)
    targets = {
        name: {
            "flash": sum(target["flash"].values()), "ram": target["ram"], "stack": target["stack"],
            "per_second": target["instructions"]["per_second"], "longest_push": target["instructions"]["longest_push"],
            "compiler": target["compiler"],
        }
        for name, target in found["targets"].items()
    }  # fmt: skip
    return {"recordings": found["recordings"], "clips": CLIPS, "passed": found["passed"], "targets": targets}


if __name__ == "__main__":
    json.dump({model: measured(model) for model in MODELS}, sys.stdout, indent=1)
    sys.stdout.write("\n")
