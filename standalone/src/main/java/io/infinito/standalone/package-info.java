/**
 * The command line: one class per command, {@link io.infinito.standalone.Infinito} on top. Commands turn options into calls of the
 * packages below and their results into text or, with {@code --json}, into lines of JSON.
 */
package io.infinito.standalone;
