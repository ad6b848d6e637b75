"""What this plugin costs and how fast it is; README.md says what each figure means."""
