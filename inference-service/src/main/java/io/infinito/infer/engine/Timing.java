package io.infinito.infer.engine;

import java.time.Duration;

/**
 * When things happened, each counted from the request's arrival.
 *
 * @param queue until its prompt was read
 * @param firstToken until its first token was sampled
 * @param total until its last
 */
public record Timing(Duration queue, Duration firstToken, Duration total) {}
