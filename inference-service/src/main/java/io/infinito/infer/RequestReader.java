package io.infinito.infer;

import io.infinito.infer.engine.GenerationRequest;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.SamplingSettings;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.tokenizer.Tokenizer;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** From the message to a checked request. Every refusal is an {@link IllegalArgumentException} that names the message's field. */
final class RequestReader {
    /** Seeds up to here are exact in every language's numbers. */
    private static final long SEEDS = 1L << 53;

    private final RequestDefaults defaults;

    RequestReader(RequestDefaults defaults) {
        this.defaults = defaults;
    }

    GenerationRequest read(GenerateRequest message, LoadedModel model) {
        // The cheap checks come before the prompt is tokenized.
        SamplingSettings sampling = sampling(message.getSampling());
        StoppingCriteria stopping = message.getStopping();
        int maxNewTokens = stopping.hasMaxNewTokens() ? stopping.getMaxNewTokens() : defaults.maxNewTokens();
        if (maxNewTokens > defaults.maxNewTokensLimit()) {
            throw new IllegalArgumentException(
                    "stopping.max_new_tokens=" + maxNewTokens + " must be at most " + defaults.maxNewTokensLimit());
        }
        return new GenerationRequest(
                prompt(message, model),
                sampling,
                message.getSampling().hasSeed()
                        ? message.getSampling().getSeed()
                        : ThreadLocalRandom.current().nextLong(SEEDS),
                maxNewTokens,
                stopping.getStopList(),
                stopping.getIgnoreEos());
    }

    private SamplingSettings sampling(SamplingParams message) {
        SamplingSettings absent = defaults.sampling();
        return new SamplingSettings(
                message.hasTemperature() ? decimal(message.getTemperature()) : absent.temperature(),
                message.hasTopK() ? message.getTopK() : absent.topK(),
                message.hasTopP() ? decimal(message.getTopP()) : absent.topP(),
                message.hasRepetitionPenalty() ? decimal(message.getRepetitionPenalty()) : absent.repetitionPenalty(),
                message.hasRepetitionWindow() ? message.getRepetitionWindow() : absent.repetitionWindow());
    }

    /** The number that was written, 0.8 rather than 0.800000011920929. */
    private static double decimal(float value) {
        return Double.parseDouble(Float.toString(value));
    }

    private static int[] prompt(GenerateRequest message, LoadedModel model) {
        int room = model.config().context() - 1;
        int[] ids = switch (message.getPromptCase()) {
            case TEXT -> encode(message.getText(), model, room);
            case TOKEN_IDS -> check(message.getTokenIds().getIdsList(), model.tokenizer());
            case PROMPT_NOT_SET -> throw new IllegalArgumentException("prompt is missing; set text or token_ids");
        };
        if (ids.length > room) {
            throw new IllegalArgumentException(field(message) + " has " + ids.length + " tokens, at most " + room
                    + " fit into the model's context");
        }
        return ids;
    }

    private static String field(GenerateRequest message) {
        return message.hasText() ? "text" : "token_ids";
    }

    private static int[] encode(String text, LoadedModel model, int room) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("text is empty; give at least one character");
        }
        // Tokenizing megabytes only to refuse them would keep a thread busy for seconds.
        if (text.length() > (long) room * model.longestTokenBytes()) {
            throw new IllegalArgumentException("text has " + text.length() + " characters, which is more than the "
                    + room + " tokens that fit into the model's context");
        }
        return model.tokenizer().encode(text);
    }

    private static int[] check(List<Integer> ids, Tokenizer tokenizer) {
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("token_ids.ids is empty; give at least one");
        }
        int[] checked = new int[ids.size()];
        for (int i = 0; i < checked.length; i++) {
            checked[i] = ids.get(i);
            if (!tokenizer.contains(checked[i])) {
                throw new IllegalArgumentException("token_ids.ids[" + i + "]=" + Integer.toUnsignedString(checked[i])
                        + " is not in the vocabulary of " + tokenizer.vocabularySize());
            }
        }
        return checked;
    }
}
