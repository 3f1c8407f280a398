pytest_plugins = [
    "tests.browser",
    "tests.moments",
    "tests.pgbouncer",
    "tests.postgres",
    "tests.shares",
    "tests.sooner",
]
