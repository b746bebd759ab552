package io.infinito.infer;

import io.infinito.infer.engine.GenerationRequest;
import io.infinito.infer.engine.Stopping;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.Penalties;
import io.infinito.infer.sampling.SamplingSettings;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.inference.v1.TokenIds;
import io.infinito.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** From the message to checked requests. Every refusal is an {@link IllegalArgumentException} that names the message's field. */
final class RequestReader {
    /** Texts are not tokenized beyond this: that would keep a thread busy for seconds. */
    static final int LONGEST_TEXT = 1_000_000;

    private static final int LONGEST_REQUEST_ID = 256;
    /** Seeds up to here are exact in every language's numbers. */
    private static final long SEEDS = 1L << 53;

    private final RequestDefaults defaults;

    RequestReader(RequestDefaults defaults) {
        this.defaults = defaults;
    }

    /**
     * The checks that need no model and cost nothing.
     *
     * @param prompts that share the message
     */
    void check(GenerateRequest message, int prompts) {
        if (message.getRequestId().length() > LONGEST_REQUEST_ID) {
            throw new IllegalArgumentException("request_id has "
                    + message.getRequestId().length() + " characters, at most " + LONGEST_REQUEST_ID + " are allowed");
        }
        requireReadable("request_id", message.getRequestId());
        int n = sequences(message.getSampling());
        if (n < 1 || n > defaults.maxSequences()) {
            throw new IllegalArgumentException("sampling.n=" + n + " must be from 1 to " + defaults.maxSequences());
        }
        if ((long) n * prompts > defaults.maxSequences()) {
            throw new IllegalArgumentException("prompt has " + prompts + " texts with sampling.n=" + n + ", at most "
                    + defaults.maxSequences() + " sequences are allowed in all");
        }
    }

    /** One request for each of n sequences. */
    List<GenerationRequest> read(GenerateRequest message, LoadedModel model) {
        // The cheap checks come before the prompt is tokenized.
        SamplingParams params = message.getSampling();
        SamplingSettings sampling = sampling(params, model.tokenizer());
        Stopping stopping = stopping(message.getStopping(), model.tokenizer());
        OptionalInt logprobs = logprobs("logprobs", params.hasLogprobs(), params.getLogprobs());
        logprobs("prompt_logprobs", params.hasPromptLogprobs(), params.getPromptLogprobs());
        long seed = seed(params);
        GenerationRequest first = new GenerationRequest(prompt(message, model), sampling, seed, stopping, logprobs);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < sequences(params); i++) {
            requests.add(first.withSeed((seed + i) & Long.MAX_VALUE));
        }
        return requests;
    }

    private static int sequences(SamplingParams message) {
        return message.hasN() ? message.getN() : 1;
    }

    private static long seed(SamplingParams message) {
        if (!message.hasSeed()) {
            return ThreadLocalRandom.current().nextLong(SEEDS);
        }
        if (message.getSeed() < 0) {
            throw new IllegalArgumentException("sampling.seed=" + Long.toUnsignedString(message.getSeed())
                    + " must be at most " + Long.MAX_VALUE + "; a negative number became it");
        }
        return message.getSeed();
    }

    private static OptionalInt logprobs(String field, boolean present, int count) {
        if (!present) {
            return OptionalInt.empty();
        }
        if (count < 0 || count > TokenLogprob.MAX_TOP) {
            throw new IllegalArgumentException(
                    "sampling." + field + "=" + count + " must be from 0 to " + TokenLogprob.MAX_TOP);
        }
        return OptionalInt.of(count);
    }

    private SamplingSettings sampling(SamplingParams message, Tokenizer tokenizer) {
        SamplingSettings absent = defaults.sampling();
        Penalties none = absent.penalties();
        Map<Integer, Float> bias = message.getLogitBiasMap();
        SamplingSettings settings = new SamplingSettings(
                message.hasTemperature() ? decimal(message.getTemperature()) : absent.temperature(),
                message.hasTopK() ? message.getTopK() : absent.topK(),
                message.hasTopP() ? decimal(message.getTopP()) : absent.topP(),
                message.hasMinP() ? decimal(message.getMinP()) : absent.minP(),
                message.hasTypicalP() ? decimal(message.getTypicalP()) : absent.typicalP(),
                new Penalties(
                        message.hasRepetitionPenalty() ? decimal(message.getRepetitionPenalty()) : none.repetition(),
                        message.hasRepetitionWindow() ? message.getRepetitionWindow() : none.repetitionWindow(),
                        message.hasPresencePenalty() ? decimal(message.getPresencePenalty()) : none.presence(),
                        message.hasFrequencyPenalty() ? decimal(message.getFrequencyPenalty()) : none.frequency()),
                bias);
        for (int id : bias.keySet()) {
            requireToken("sampling.logit_bias: id", id, tokenizer);
        }
        return settings;
    }

    private Stopping stopping(StoppingCriteria message, Tokenizer tokenizer) {
        int maxNewTokens = message.hasMaxNewTokens() ? message.getMaxNewTokens() : defaults.maxNewTokens();
        if (maxNewTokens > defaults.maxNewTokensLimit()) {
            throw new IllegalArgumentException(
                    "stopping.max_new_tokens=" + maxNewTokens + " must be at most " + defaults.maxNewTokensLimit());
        }
        if (message.getStopTokenIdsCount() > Stopping.MAX_STOP_TOKEN_IDS) {
            throw new IllegalArgumentException("stopping.stop_token_ids has " + message.getStopTokenIdsCount()
                    + " ids, at most " + Stopping.MAX_STOP_TOKEN_IDS + " are allowed");
        }
        Set<Integer> stopTokenIds = new HashSet<>();
        for (int i = 0; i < message.getStopTokenIdsCount(); i++) {
            requireToken("stopping.stop_token_ids[" + i + "]", message.getStopTokenIds(i), tokenizer);
            stopTokenIds.add(message.getStopTokenIds(i));
        }
        Stopping stopping = new Stopping(
                maxNewTokens,
                message.getMinNewTokens(),
                message.getStopList(),
                stopTokenIds,
                message.getIncludeStop(),
                message.getIgnoreEos(),
                message.hasTimeLimitMs() ? Optional.of(Duration.ofMillis(message.getTimeLimitMs())) : Optional.empty());
        for (int i = 0; i < message.getStopCount(); i++) {
            requireReadable("stopping.stop[" + i + "]", message.getStop(i));
        }
        return stopping;
    }

    /** The number that was written, 0.8 rather than 0.800000011920929. */
    private static double decimal(float value) {
        return Double.parseDouble(Float.toString(value));
    }

    private static int[] prompt(GenerateRequest message, LoadedModel model) {
        int room = model.config().context() - 1;
        boolean truncates = message.getTruncatePrompt();
        int[] ids = switch (message.getPromptCase()) {
            case TEXT -> encode(message.getText(), model, truncates ? Integer.MAX_VALUE : room);
            case TOKEN_IDS -> ids(message.getTokenIds(), model.tokenizer(), truncates ? Integer.MAX_VALUE : room);
            case PROMPT_NOT_SET -> throw new IllegalArgumentException("prompt is missing; set text or token_ids");
        };
        return ids.length > room ? Arrays.copyOfRange(ids, ids.length - room, ids.length) : ids;
    }

    /** The text of a prompt's ids: as it was given, unless it was cut. */
    static String text(GenerateRequest message, int[] ids, LoadedModel model) {
        boolean whole = message.hasText() && !message.getTruncatePrompt();
        return whole ? message.getText() : model.tokenizer().decode(ids);
    }

    /**
     * The ids of a text.
     *
     * @param room the most that are allowed
     */
    static int[] encode(String text, LoadedModel model, int room) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("text is empty; give at least one character");
        }
        if (text.length() > LONGEST_TEXT) {
            throw new IllegalArgumentException(
                    "text has " + text.length() + " characters, at most " + LONGEST_TEXT + " are allowed");
        }
        // Tokenizing megabytes only to refuse them would keep a thread busy for seconds.
        if (text.length() > (long) room * model.tokenizer().longestTokenBytes()) {
            throw new IllegalArgumentException("text has " + text.length() + " characters, which is more than the "
                    + room + " tokens that fit into the model's context");
        }
        requireReadable("text", text);
        return fitting("text", model.tokenizer().encode(text), room);
    }

    /**
     * The ids of a message.
     *
     * @param room the most that are allowed
     */
    static int[] ids(TokenIds message, Tokenizer tokenizer, int room) {
        List<Integer> ids = message.getIdsList();
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("token_ids.ids is empty; give at least one");
        }
        if (ids.size() > LONGEST_TEXT) {
            throw new IllegalArgumentException(
                    "token_ids.ids has " + ids.size() + " ids, at most " + LONGEST_TEXT + " are allowed");
        }
        int[] checked = new int[ids.size()];
        for (int i = 0; i < checked.length; i++) {
            checked[i] = ids.get(i);
            requireToken("token_ids.ids[" + i + "]", checked[i], tokenizer);
        }
        return fitting("token_ids", checked, room);
    }

    private static int[] fitting(String field, int[] ids, int room) {
        if (ids.length > room) {
            throw new IllegalArgumentException(
                    field + " has " + ids.length + " tokens, at most " + room + " fit into the model's context");
        }
        return ids;
    }

    private static void requireToken(String field, int id, Tokenizer tokenizer) {
        if (!tokenizer.contains(id)) {
            throw new IllegalArgumentException(field + "=" + Integer.toUnsignedString(id)
                    + " is not in the vocabulary of " + tokenizer.vocabularySize());
        }
    }

    /** What no text has that a person wrote, and what cannot be written as UTF-8. */
    static void requireReadable(String field, String text) {
        int notUtf8 = text.indexOf(MendingMarshaller.NOT_UTF8);
        if (notUtf8 >= 0) {
            throw new IllegalArgumentException(
                    field + " has bytes that are not UTF-8, or U+FFFF, at character " + notUtf8);
        }
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            throw new IllegalArgumentException(field + " has a NUL character at " + nul + "; leave it out");
        }
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isHighSurrogate(unit)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(unit)) {
                throw new IllegalArgumentException(
                        field + " has half of a character (an unpaired surrogate) at " + i + "; leave it out");
            }
        }
    }
}
