package io.infinito.gpt;

import java.util.Map;

/**
 * How likely one token was after those before it.
 *
 * @param logprob natural logarithm of its probability; the loss is its negative
 * @param rank 1 for the likeliest
 * @param top the likeliest ids and their log-probabilities, the likeliest first
 */
public record TokenScore(float logprob, int rank, Map<Integer, Float> top) {}
