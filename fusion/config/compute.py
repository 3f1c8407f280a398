"""`[compute]`: who does the work of a training."""

from typing import Literal

from pydantic import Field

from fusion.core.settings import Settings


class ComputeSettings(Settings):
    """The `[compute]` section: who does the work of a training; the same bits come of each."""

    executor: Literal["local", "processes", "dask"] = Field(
        "local",
        description="local: threads of this process; processes: processes of this machine; dask: "
        "workers of Dask (extra `scale`)",
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="processes, or workers of Dask that are started on this machine; default: "
        "`threads`",
    )
    scheduler: str | None = Field(
        None,
        pattern=r"^(tcp|tls)://[^\s:/]+:[0-9]{1,5}$",
        description="address of a scheduler of Dask, such as `tcp://host:8786`, which has workers "
        "already: none are started then; they see the folder of `[artifacts]` under the same path",
    )

    @property
    def unused(self) -> dict[str, str]:
        """Settings that have no effect beside the others, and why: somebody may count on them."""
        unused = {}
        if self.scheduler is not None and self.executor != "dask":
            unused["scheduler"] = f'executor = "{self.executor}" asks no scheduler'
        if self.workers is not None and self.executor == "local":
            unused["workers"] = 'executor = "local" has no workers: `threads` is what it has'
        elif self.workers is not None and self.executor == "dask" and self.scheduler is not None:
            unused["workers"] = f"the workers of {self.scheduler} are started by somebody else"
        return unused
