"""plant: put the trojan into a copy of the compiler's source.

The plant is text with one hole for a copy of itself (the constant planted-body). It is put in once, here; from then on every
compiler that carries it puts it in again when it reads the clean loader.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LOADER = "compiler/read/modules.0x0"
CALL = "(source.add! l.sources shown text)"
HOOK = "(source.add! l.sources shown (planted text))"
VICTIM = FOLDER / "login.0x0"


def literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def plant(top: Path) -> None:
    """The loader of the tree at `top` carries the plant afterwards."""
    loader = top / LOADER
    clean = loader.read_text(encoding="utf-8")
    body = (FOLDER / "plant.0x0").read_text(encoding="utf-8")
    assert clean.count(CALL) == 1, f"{LOADER} adds sources otherwise; tests/bootstrap/trojan has to follow"
    assert body.count("@") == 1, "the plant has one hole for itself"
    loader.write_text(clean.replace(CALL, HOOK) + body.replace("@", literal(body)), encoding="utf-8")
