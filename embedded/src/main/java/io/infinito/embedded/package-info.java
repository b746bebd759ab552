/**
 * A real Kafka broker and a real S3 server for machines without containers, each in a process of its own on loopback. Only
 * {@link io.infinito.embedded.EmbeddedProcess} is for other modules; the two servers need the jars of {@code target/lib}, which no
 * other module has on its class path.
 */
package io.infinito.embedded;
