"""One file per group of routes; each route names the roles that may call it."""
