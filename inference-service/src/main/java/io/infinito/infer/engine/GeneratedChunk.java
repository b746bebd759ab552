package io.infinito.infer.engine;

import io.infinito.infer.sampling.TokenLogprob;
import java.util.List;
import java.util.Optional;

/**
 * A further piece of a generation.
 *
 * @param text whole characters that no stop string can still take back
 * @param tokenIds sampled since the chunk before
 * @param logprobs one for each of the ids, if they were asked for
 * @param finish set in the last chunk
 */
public record GeneratedChunk(
        String text, List<Integer> tokenIds, List<TokenLogprob> logprobs, Optional<Finish> finish) {}
