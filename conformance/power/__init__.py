"""How much the suite detects: faults, mutants and honest algorithms put through it and measured."""
