"""Read lists, runs and blocked items; check stored lists; read databases of others."""
