"""Vectors of pictures: posters are drawn, and read again with Pillow and NumPy.

python examples/vectors/posters.py FOLDER
fusion run --config FOLDER/fusion.toml
"""

import colorsys
import sys
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image, ImageDraw
from shop import make_shop

SIZE = (64, 96)
HUES, SHAPES = 4, ("bands", "disc", "frame")
GRID = 4
BINS = 12


def draw_poster(hue: int, shape: str, rng: np.random.Generator) -> Image.Image:
    """Draw a poster of one of four hues and one of three compositions, none like another."""
    tone = (hue / HUES + rng.normal(0, 0.02)) % 1.0
    dark = _colour(tone, rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.4))
    light = _colour(tone, rng.uniform(0.5, 0.9), rng.uniform(0.8, 1.0))
    poster = Image.new("RGB", SIZE, dark)
    pen = ImageDraw.Draw(poster)
    width, height = SIZE
    margin = int(rng.integers(6, 14))
    if shape == "bands":
        for top in range(0, height, height // 3):
            pen.rectangle((0, top, width, top + margin), fill=light)
    elif shape == "disc":
        pen.ellipse((margin, height // 4, width - margin, 3 * height // 4), fill=light)
    else:
        pen.rectangle((0, 0, width - 1, height - 1), outline=light, width=margin)
    noise = rng.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(poster) + noise, 0, 255).astype(np.uint8))


def _colour(hue: float, saturation: float, value: float) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))


def look_at(file: Path) -> np.ndarray:
    """Describe a picture: which hues it has, and where it is bright.

    Returns:
        (28,) float32: shares of twelve hues, each pixel by how colourful it is; and the brightness
        of a grid of four by four, less the mean. Both halves weigh the same.
    """
    picture = Image.open(file).convert("HSV").resize((32, 32))
    hue, saturation, value = (np.asarray(picture, np.float64)[..., at] / 255 for at in range(3))
    colourful = saturation * value
    hues, _ = np.histogram(hue, bins=BINS, range=(0, 1), weights=colourful)
    bright = value.reshape(GRID, 32 // GRID, GRID, 32 // GRID).mean(axis=(1, 3)).ravel()
    return np.concatenate([_unit(hues), _unit(bright - bright.mean())]).astype(np.float32)


def _unit(numbers: np.ndarray) -> np.ndarray:
    return numbers / max(float(np.linalg.norm(numbers)), 1e-9)


def main(folder: Path, n_posters: int = 180) -> None:
    """Draw the posters, describe their files, and write the shop."""
    pictures = folder / "posters"
    pictures.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    kinds = [number % (HUES * len(SHAPES)) for number in range(n_posters)]
    for number, kind in enumerate(kinds):
        poster = draw_poster(kind % HUES, SHAPES[kind // HUES], rng)
        poster.save(pictures / f"{number}.png")
    files = sorted(pictures.glob("*.png"), key=lambda file: int(file.stem))
    vectors = pl.DataFrame(
        {
            "item": [file.stem for file in files],
            "vector": [look_at(file).tolist() for file in files],
        }
    )
    vectors.write_parquet(folder / "posters.parquet")
    make_shop(folder, kinds, 'path = "posters.parquet"')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
