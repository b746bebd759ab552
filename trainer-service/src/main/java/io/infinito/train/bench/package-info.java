/** Measures training: the very steps that the loop runs, against the machine's speed of bare matrix products. No Quarkus. */
package io.infinito.train.bench;
