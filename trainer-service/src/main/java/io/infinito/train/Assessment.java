package io.infinito.train;

import java.util.Optional;

/**
 * What is looked at while a network is trained.
 *
 * @param validation decides which weights are best
 * @param test measured once, at the end, with the best weights; empty where the dataset has no such split
 * @param continuations after each epoch
 */
public record Assessment(Evaluation validation, Optional<Evaluation> test, Continuations continuations) {}
