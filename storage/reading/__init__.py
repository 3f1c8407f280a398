"""Read lists, figures and blocked items; check stored lists; read databases of others."""
