package io.infinito.infer;

import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.inference.v1.TokenIds;
import java.util.Collections;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What makes a request one that is refused, by what the status has to say; also numbers that no field of their type should meet. */
final class BadRequests {
    private BadRequests() {}

    /**
     * One of them.
     *
     * @param refusal begins with the field's name
     */
    record BadRequest(String refusal, Consumer<GenerateRequest.Builder> change) {
        @Override
        public String toString() {
            return refusal;
        }
    }

    static Stream<BadRequest> prompts() {
        return Stream.of(
                request("prompt is missing", r -> r.clearPrompt()),
                request("text is empty", r -> r.setText("")),
                request("text has 32 tokens, at most 31 fit", r -> r.setText("x".repeat(32))),
                request("text has 1000000 characters", r -> r.setText("x".repeat(1_000_000))),
                request("text has 10000000 characters", r -> r.setText("x".repeat(10_000_000))),
                request(
                        "text has 10000000 characters, at most 1000000 are allowed",
                        r -> r.setText("x".repeat(10_000_000)).setTruncatePrompt(true)),
                request("text has a NUL character at 2", r -> r.setText("ab\0")),
                ids("token_ids.ids is empty", TokenIds.newBuilder()),
                ids(
                        "token_ids has 32 tokens, at most 31 fit",
                        TokenIds.newBuilder().addAllIds(Collections.nCopies(32, 1))),
                ids(
                        "token_ids.ids has 1000001 ids, at most 1000000",
                        TokenIds.newBuilder().addAllIds(Collections.nCopies(1_000_001, 1))),
                ids(
                        "token_ids.ids[1]=257 is not in the vocabulary",
                        TokenIds.newBuilder().addIds(1).addIds(257)),
                ids(
                        "token_ids.ids[0]=4294967295 is not in the vocabulary",
                        TokenIds.newBuilder().addIds(-1)),
                request("request_id has 257 characters, at most 256", r -> r.setRequestId("x".repeat(257))),
                request("request_id has a NUL character at 1", r -> r.setRequestId("x\0")),
                request("model has 257 characters, at most 256", r -> r.setModel("x".repeat(257))),
                request("model has a NUL character at 7", r -> r.setModel("default\0")));
    }

    static Stream<BadRequest> sampling() {
        return Stream.of(
                sampling("temperature=-0.1 must be from 0 to 100", s -> s.setTemperature(-0.1f)),
                sampling("temperature=101 must be from 0 to 100", s -> s.setTemperature(101)),
                sampling("temperature=NaN must be", s -> s.setTemperature(Float.NaN)),
                sampling("temperature=Infinity must be", s -> s.setTemperature(Float.POSITIVE_INFINITY)),
                sampling("temperature=-Infinity must be", s -> s.setTemperature(Float.NEGATIVE_INFINITY)),
                sampling("top_k=-1 must be from 0 to 1000000", s -> s.setTopK(-1)),
                sampling("top_k=1000001 must be from 0 to 1000000", s -> s.setTopK(1_000_001)),
                sampling("top_k=-2147483648 must be", s -> s.setTopK(Integer.MIN_VALUE)),
                sampling("top_p=0 must be greater than 0 and at most 1", s -> s.setTopP(0)),
                sampling("top_p=1.1 must be", s -> s.setTopP(1.1f)),
                sampling("top_p=NaN must be", s -> s.setTopP(Float.NaN)),
                sampling("top_p=-Infinity must be", s -> s.setTopP(Float.NEGATIVE_INFINITY)),
                sampling("min_p=-0.1 must be", s -> s.setMinP(-0.1f)),
                sampling("min_p=NaN must be", s -> s.setMinP(Float.NaN)),
                sampling("min_p=Infinity must be", s -> s.setMinP(Float.POSITIVE_INFINITY)),
                sampling("typical_p=0 must be", s -> s.setTypicalP(0)),
                sampling("typical_p=1.5 must be", s -> s.setTypicalP(1.5f)),
                sampling("typical_p=NaN must be", s -> s.setTypicalP(Float.NaN)),
                sampling("repetition_penalty=0 must be", s -> s.setRepetitionPenalty(0)),
                sampling("repetition_penalty=-1 must be", s -> s.setRepetitionPenalty(-1)),
                sampling(
                        "repetition_penalty=100.5 must be greater than 0 and at most 100",
                        s -> s.setRepetitionPenalty(100.5f)),
                sampling("repetition_penalty=NaN must be", s -> s.setRepetitionPenalty(Float.NaN)),
                sampling("repetition_penalty=Infinity must be", s -> s.setRepetitionPenalty(Float.POSITIVE_INFINITY)),
                sampling("repetition_window=-2 must be", s -> s.setRepetitionWindow(-2)),
                sampling("repetition_window=1000001 must be from 0 to 1000000", s -> s.setRepetitionWindow(1_000_001)),
                sampling("presence_penalty=3 must be", s -> s.setPresencePenalty(3)),
                sampling("presence_penalty=NaN must be", s -> s.setPresencePenalty(Float.NaN)),
                sampling("presence_penalty=-Infinity must be", s -> s.setPresencePenalty(Float.NEGATIVE_INFINITY)),
                sampling("frequency_penalty=NaN must be", s -> s.setFrequencyPenalty(Float.NaN)),
                sampling("frequency_penalty=Infinity must be", s -> s.setFrequencyPenalty(Float.POSITIVE_INFINITY)),
                sampling("logit_bias[1]=1000 must be", s -> s.putLogitBias(1, 1000)),
                sampling("logit_bias[1]=NaN must be", s -> s.putLogitBias(1, Float.NaN)),
                sampling("logit_bias[1]=-Infinity must be", s -> s.putLogitBias(1, Float.NEGATIVE_INFINITY)),
                sampling("logit_bias: id=257 is not in the vocabulary", s -> s.putLogitBias(257, 1)),
                sampling("logit_bias: id=4294967295 is not", s -> s.putLogitBias(-1, 1)),
                sampling("logit_bias has 100000 entries, at most 1024", s -> {
                    for (int id = 0; id < 100_000; id++) {
                        s.putLogitBias(id, 1);
                    }
                }),
                sampling("seed=18446744073709551615 must be at most 9223372036854775807", s -> s.setSeed(-1)),
                sampling("seed=9223372036854775808 must be at most", s -> s.setSeed(Long.MIN_VALUE)),
                sampling("n=0 must be", s -> s.setN(0)),
                sampling("n=-1 must be from 1 to 16", s -> s.setN(-1)),
                sampling("n=1000000 must be from 1 to 16", s -> s.setN(1_000_000)),
                sampling("n=2147483647 must be from 1 to 16", s -> s.setN(Integer.MAX_VALUE)),
                sampling("logprobs=21 must be from 0 to 20", s -> s.setLogprobs(21)),
                sampling("logprobs=-1 must be", s -> s.setLogprobs(-1)),
                sampling("prompt_logprobs=-1 must be", s -> s.setPromptLogprobs(-1)),
                sampling("prompt_logprobs=21 must be", s -> s.setPromptLogprobs(21)));
    }

    static Stream<BadRequest> stopping() {
        return Stream.of(
                stopping("max_new_tokens=0 must be at least 1", s -> s.setMaxNewTokens(0)),
                stopping("max_new_tokens=-1 must be", s -> s.setMaxNewTokens(-1)),
                stopping("max_new_tokens=1000001 must be at most", s -> s.setMaxNewTokens(1_000_001)),
                stopping("min_new_tokens=-1 must be", s -> s.setMinNewTokens(-1)),
                stopping("min_new_tokens=6 must be from 0 to stopping.max_new_tokens=5", s -> s.setMinNewTokens(6)),
                stopping("stop has 17 strings", s -> s.addAllStop(Collections.nCopies(17, "x"))),
                stopping("stop has 10000 strings", s -> s.addAllStop(Collections.nCopies(10_000, "x"))),
                stopping("stop[1] is empty", s -> s.addStop("x").addStop("")),
                stopping("stop[0] has 257 characters", s -> s.addStop("x".repeat(257))),
                stopping("stop[0] has a NUL character at 1", s -> s.addStop("x\0")),
                stopping("stop_token_ids[0]=257 is not in the vocabulary", s -> s.addStopTokenIds(257)),
                stopping("stop_token_ids[0]=4294967295 is not", s -> s.addStopTokenIds(-1)),
                stopping("stop_token_ids has 129 ids", s -> s.addAllStopTokenIds(Collections.nCopies(129, 1))),
                stopping("time_limit_ms=0 must be from 1 to 86400000", s -> s.setTimeLimitMs(0)),
                stopping("time_limit_ms=86400001 must be from 1 to 86400000", s -> s.setTimeLimitMs(86_400_001)),
                stopping("time_limit_ms=-2147483648 must be", s -> s.setTimeLimitMs(Integer.MIN_VALUE)));
    }

    private static BadRequest request(String refusal, Consumer<GenerateRequest.Builder> change) {
        return new BadRequest(refusal, change);
    }

    private static BadRequest ids(String refusal, TokenIds.Builder ids) {
        return request(refusal, r -> r.setTokenIds(ids));
    }

    private static BadRequest sampling(String refusal, Consumer<SamplingParams.Builder> field) {
        return request("sampling." + refusal, r -> field.accept(r.getSamplingBuilder()));
    }

    private static BadRequest stopping(String refusal, Consumer<StoppingCriteria.Builder> field) {
        return request("stopping." + refusal, r -> field.accept(r.getStoppingBuilder()));
    }
}
