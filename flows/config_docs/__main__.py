"""Write `docs/configuration.md` and `config/fusion.toml`."""

from pathlib import Path

from flows.config_docs.example_file import example
from flows.config_docs.reference_page import reference

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Write both files."""
    (ROOT / "docs" / "configuration.md").write_text(reference(), encoding="utf-8")
    (ROOT / "config" / "fusion.toml").write_text(example(), encoding="utf-8")


if __name__ == "__main__":
    main()
