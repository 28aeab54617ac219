"""Problems of one's own: from a recipe or from given arrays to golden files with proven answers."""
