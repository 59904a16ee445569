"""Checks of what deploys the program; scripts/deploy-check.sh gets the tools and runs them."""
