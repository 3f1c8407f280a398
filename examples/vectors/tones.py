"""Vectors of sounds: tones are played into WAV files, and heard again with NumPy.

python examples/vectors/tones.py FOLDER
fusion run --config FOLDER/fusion.toml
"""

import sys
import wave
from pathlib import Path

import numpy as np
from shop import make_shop

RATE = 8_000
REGISTERS = (110.0, 220.0, 440.0, 880.0)
TIMBRES = {
    "flute": (1.0, 0.1),
    "reed": (1.0, 0.0, 0.7, 0.0, 0.5, 0.0, 0.3),
    "brass": (0.6, 0.8, 1.0, 0.8, 0.6, 0.4),
}
WINDOW = 512
BANDS = 24


def play_tone(register: int, timbre: str, rng: np.random.Generator) -> np.ndarray:
    """Play a second of one of four registers by one of three instruments, none like another."""
    pitch = REGISTERS[register] * 2 ** rng.uniform(-0.15, 0.15)
    seconds = np.arange(RATE) / RATE
    tone = np.zeros(RATE)
    for number, strength in enumerate(TIMBRES[timbre], start=1):
        phase = rng.uniform(0, 2 * np.pi)
        tone += strength * np.sin(2 * np.pi * number * pitch * seconds + phase)
    tone *= np.exp(-seconds * rng.uniform(0.5, 2.0))
    return tone / np.abs(tone).max() + rng.normal(0, 0.01, RATE)


def write_sound(file: Path, samples: np.ndarray) -> None:
    """Write samples between -1 and 1 as a WAV file of 16 bits."""
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())


def listen_to(file: Path) -> np.ndarray:
    """Describe a sound by its mean spectrum.

    Returns:
        (24,) float32: the log of the mean power of bands that grow with the pitch, less their mean,
        so that how loud it is plays no part.
    """
    with wave.open(str(file), "rb") as sound:
        content = sound.readframes(sound.getnframes())
        rate = sound.getframerate()
    samples = np.frombuffer(content, "<i2") / 32_768
    n_windows = len(samples) // WINDOW
    windows = samples[: n_windows * WINDOW].reshape(n_windows, WINDOW) * np.hanning(WINDOW)
    power = (np.abs(np.fft.rfft(windows, axis=1)) ** 2).mean(axis=0)
    pitches = np.fft.rfftfreq(WINDOW, 1 / rate)
    borders = np.geomspace(60.0, rate / 2, BANDS + 1)
    band = np.searchsorted(borders, pitches)
    means = [
        power[band == number].mean() if (band == number).any() else 0.0
        for number in range(1, BANDS + 1)
    ]
    logs = np.log(np.array(means) + 1e-6)
    return (logs - logs.mean()).astype(np.float32)


def main(folder: Path, n_tones: int = 180) -> None:
    """Play the tones, describe their files, and write the shop."""
    sounds = folder / "tones"
    sounds.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    names = list(TIMBRES)
    kinds = [number % (len(REGISTERS) * len(names)) for number in range(n_tones)]
    for number, kind in enumerate(kinds):
        register, timbre = kind % len(REGISTERS), names[kind // len(REGISTERS)]
        write_sound(sounds / f"{number}.wav", play_tone(register, timbre, rng))
    files = sorted(sounds.glob("*.wav"), key=lambda file: int(file.stem))
    np.save(folder / "tones.npy", np.stack([listen_to(file) for file in files]))
    (folder / "tones.txt").write_text("".join(f"{file.stem}\n" for file in files))
    make_shop(folder, kinds, 'path = "tones.npy"\nids = "tones.txt"')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
