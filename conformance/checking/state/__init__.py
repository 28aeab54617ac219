"""What a kernel carries from call to call: order, repetition, sequences on one instance, a soak."""
