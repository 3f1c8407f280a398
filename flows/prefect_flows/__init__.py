"""The verbs as Prefect flows, and their deployments."""

from flows.prefect_flows.environment import prepare

# Here, since Prefect reads its environment once, when it is imported: whichever module of this room
# comes first, the environment is set before.
prepare()
