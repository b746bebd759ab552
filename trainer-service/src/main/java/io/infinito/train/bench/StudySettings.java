package io.infinito.train.bench;

import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.train.LearningRateSchedule.Shape;
import io.infinito.train.TrainingPlan;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What {@link RecipeStudy} is asked: a text, a scale, and which ingredients are used in which strength. */
final class StudySettings {
    /** What the recipe adds to plain training. */
    enum Ingredient {
        /** Of embeddings, attention and residuals. */
        DROPOUT,
        /** Input tokens that are replaced by others. */
        TOKEN_DROPOUT,
        /** A strong one instead of the usual. */
        WEIGHT_DECAY,
        /** Sequences that are cut at other places each epoch. */
        RANDOM_OFFSET,
        /** Moving average of the weights. */
        EMA,
        /** A rate that falls to zero instead of to a tenth. */
        COSINE_TO_ZERO,
        /** A tight bound of the gradient's norm instead of the usual. Not in the recipe. */
        CLIP,
        /** Targets that leave something to other tokens. Not in the recipe. */
        LABEL_SMOOTHING;

        String option() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** The recipe has all but these. */
    private static final Set<Ingredient> RECIPE =
            EnumSet.complementOf(EnumSet.of(Ingredient.CLIP, Ingredient.LABEL_SMOOTHING));

    private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put("--train-tokens", "20000");
        DEFAULTS.put("--validation-tokens", "8000");
        DEFAULTS.put("--vocabulary", "2048");
        DEFAULTS.put("--layers", "3");
        DEFAULTS.put("--hidden", "96");
        DEFAULTS.put("--heads", "3");
        DEFAULTS.put("--context", "128");
        DEFAULTS.put("--batch", "4");
        DEFAULTS.put("--epochs", "40");
        DEFAULTS.put("--rate", "0.002");
        DEFAULTS.put("--warmup", "60");
        DEFAULTS.put("--seed", "1");
        DEFAULTS.put("--dropout", "0.2");
        DEFAULTS.put("--token-dropout", "0.1");
        DEFAULTS.put("--weight-decay", "0.5");
        DEFAULTS.put("--ema", "0.99");
        DEFAULTS.put("--clip", "0.5");
        DEFAULTS.put("--label-smoothing", "0.1");
    }

    private static final String TRAIN = "--train";
    private static final String VALIDATION = "--validation";
    private static final String RUN = "--run";
    private static final double USUAL_DECAY = 0.1;
    private static final double USUAL_CLIP = 1;

    private final Map<String, String> values = new LinkedHashMap<>(DEFAULTS);

    private StudySettings() {}

    /**
     * Reads arguments of the form {@code --name=value}.
     *
     * @throws IllegalArgumentException naming the argument that is unknown, missing or cannot be read
     */
    static StudySettings parse(String... arguments) {
        StudySettings settings = new StudySettings();
        settings.values.put(RUN, "none");
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            if (equals < 0
                    || !(DEFAULTS.containsKey(name)
                            || List.of(TRAIN, VALIDATION, RUN).contains(name))) {
                throw new IllegalArgumentException("unknown argument " + argument + ": give --train=FILE, "
                        + "--validation=FILE, --run=none|all|+INGREDIENT|-INGREDIENT and any of " + DEFAULTS);
            }
            settings.values.put(name, argument.substring(equals + 1));
        }
        settings.path(TRAIN);
        settings.path(VALIDATION);
        settings.ingredients();
        settings.plan();
        return settings;
    }

    private Path path(String option) {
        String value = values.get(option);
        if (value == null) {
            throw new IllegalArgumentException(option + "=FILE is missing: a text");
        }
        return Path.of(value);
    }

    Path train() {
        return path(TRAIN);
    }

    Path validation() {
        return path(VALIDATION);
    }

    int trainTokens() {
        return whole("--train-tokens");
    }

    int validationTokens() {
        return whole("--validation-tokens");
    }

    int vocabulary() {
        return whole("--vocabulary");
    }

    String run() {
        return values.get(RUN);
    }

    /** What is used: none, all of the recipe, one of all, or all of the recipe but one. */
    Set<Ingredient> ingredients() {
        String run = run();
        return switch (run.isEmpty() ? ' ' : run.charAt(0)) {
            case '+' -> EnumSet.of(ingredient(run.substring(1)));
            case '-' -> {
                Set<Ingredient> left = EnumSet.copyOf(RECIPE);
                left.remove(ingredient(run.substring(1)));
                yield left;
            }
            default -> {
                if (run.equals("all")) {
                    yield EnumSet.copyOf(RECIPE);
                }
                if (run.equals("none")) {
                    yield EnumSet.noneOf(Ingredient.class);
                }
                throw new IllegalArgumentException(
                        RUN + "=" + run + " must be none, all, +INGREDIENT or -INGREDIENT of " + options());
            }
        };
    }

    private static Ingredient ingredient(String option) {
        for (Ingredient ingredient : Ingredient.values()) {
            if (ingredient.option().equals(option)) {
                return ingredient;
            }
        }
        throw new IllegalArgumentException("ingredient " + option + " must be one of " + options());
    }

    private static String options() {
        return EnumSet.allOf(Ingredient.class).stream().map(Ingredient::option).collect(Collectors.joining(", "));
    }

    /** The run as the trainer knows it. */
    TrainingPlan plan() {
        Set<Ingredient> used = ingredients();
        double dropout = of(used, Ingredient.DROPOUT, 0);
        double rate = decimal("--rate");
        return new TrainingPlan(
                new TrainingPlan.Sizes(
                        whole("--layers"), whole("--hidden"), whole("--heads"), whole("--context"), true),
                whole("--epochs"),
                0,
                whole("--batch"),
                1,
                new TrainingPlan.Rates(
                        Shape.COSINE,
                        rate,
                        used.contains(Ingredient.COSINE_TO_ZERO) ? 0 : rate / 10,
                        whole("--warmup"),
                        1),
                new AdamW.Settings(
                        0.9,
                        0.95,
                        1e-8,
                        of(used, Ingredient.WEIGHT_DECAY, USUAL_DECAY),
                        of(used, Ingredient.CLIP, USUAL_CLIP)),
                new Dropout(dropout, dropout / 2, dropout),
                whole("--seed"),
                0,
                0,
                0,
                new TrainingPlan.Noise(
                        of(used, Ingredient.TOKEN_DROPOUT, 0),
                        of(used, Ingredient.LABEL_SMOOTHING, 0),
                        used.contains(Ingredient.RANDOM_OFFSET)),
                of(used, Ingredient.EMA, 0),
                0,
                TrainingPlan.Guard.STOP,
                TrainingPlan.Samples.NONE);
    }

    private double of(Set<Ingredient> used, Ingredient ingredient, double otherwise) {
        return used.contains(ingredient) ? decimal("--" + ingredient.option()) : otherwise;
    }

    private int whole(String option) {
        try {
            return Integer.parseInt(values.get(option));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + "=" + values.get(option) + " must be a whole number", e);
        }
    }

    private double decimal(String option) {
        try {
            return Double.parseDouble(values.get(option));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + "=" + values.get(option) + " must be a number", e);
        }
    }
}
