"""Decodes pattern.png with Pillow and writes the FNV-1a hash of its pixels to pattern.fnv.

    pip install pillow && python decode.py
"""

from pathlib import Path

from PIL import Image

here = Path(__file__).parent
image = Image.open(here / "pattern.png")
assert image.mode == "RGB", image.mode
value = 0xCBF29CE484222325
for byte in image.tobytes():
    value = ((value ^ byte) * 0x100000001B3) % 2**64
(here / "pattern.fnv").write_text(f"{value:x}\n")
