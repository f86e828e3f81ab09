"""The stages, one a file; the list of them is coincell.pipeline.stages.table."""
