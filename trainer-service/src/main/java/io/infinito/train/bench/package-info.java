/**
 * Measures training: the very steps that the loop runs, against the machine's speed of bare matrix products; and what the ingredients of
 * a recipe do to what is learned. No Quarkus.
 */
package io.infinito.train.bench;
