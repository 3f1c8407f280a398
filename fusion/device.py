"""Which device to compute on, probed when a run starts."""

from fusion.errors import ConfigError


def device_for(wanted: str) -> str:
    """Give "cuda" where it is wanted and there, else "cpu"; ConfigError when `cuda` is demanded and missing."""
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ConfigError("device = 'cuda', but no CUDA device answers; use device = 'auto' to fall back to the CPU")
    return "cpu"
