/** A job from its request to its last status: the edges to Kafka and REST, and what happens in between. */
package io.infinito.train.job;
