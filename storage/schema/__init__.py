"""Tables, views, row objects and migrations.

Both modules of tables are imported here, so that the metadata is whole whoever asks for it.
"""

from storage.schema import outbox_tables, tables, watch_tables

__all__ = ["outbox_tables", "tables", "watch_tables"]
