"""tests.compiler: the compiler's passes, machine code, commands, and costs."""
