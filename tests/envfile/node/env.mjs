// Prints the environment that a runtime made of an env file before it ran this.
process.stdout.write(JSON.stringify(process.env));
