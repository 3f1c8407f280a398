"""Which of the two ways a run's lists are read by."""

from flows.session import Session
from flows.steps.site.items.folder_lists import FolderLists
from flows.steps.site.items.sql_lists import SqlLists
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.people.one_user import RetainedRun

SIZE = 10
"""Length of lists of a run that does not say it."""


def lists_of(session: Session, run: RetainedRun) -> FolderLists | SqlLists:
    """Return the lists of a run: of its folder where that is here, else of SQL.

    Args:
        session: the database and the folder of runs.
        run: that holds lists.
    """
    folder = RunFolder(folder_of(session.runs, run.run_id))
    size = run.list_size or SIZE
    if folder.lists.exists() and folder.item_ids.exists() and folder.user_ids.exists():
        return FolderLists(folder, size)
    return SqlLists(session.engine, run.run_no, size, run.n_lists)
