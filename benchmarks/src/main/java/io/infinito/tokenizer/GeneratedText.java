package io.infinito.tokenizer;

import java.util.Random;

/** Text with roughly the statistics of English: words by Zipf's law, sentences, numbers, quotes, contractions, paragraphs. */
final class GeneratedText {
    private static final int WORDS = 60_000;
    private static final String[] SYLLABLES = {
        "the", "in", "er", "an", "on", "re", "ti", "st", "al", "en", "or", "de", "ing", "ment", "com", "pro", "ly",
        "con", "per", "ka", "lo", "mi", "ve", "sh", "un", "ous", "ful", "gra", "port", "ness"
    };
    private static final String[] ENDS = {". ", ". ", ", ", ", ", ", ", "; ", "? ", "'s ", " \u2013 ", ".\n\n"};

    private GeneratedText() {}

    /** The same text of about {@code length} characters every time. */
    static String of(int length) {
        Random random = new Random(1);
        String[] words = new String[WORDS];
        for (int i = 0; i < WORDS; i++) {
            StringBuilder word = new StringBuilder();
            // The frequent ones are short.
            for (int part = 0;
                    part <= random.nextInt(1 + Integer.numberOfTrailingZeros(Integer.highestOneBit(i + 2)) / 4);
                    part++) {
                word.append(SYLLABLES[random.nextInt(SYLLABLES.length)]);
            }
            words[i] = random.nextInt(8) == 0
                    ? Character.toUpperCase(word.charAt(0)) + word.substring(1)
                    : word.toString();
        }
        StringBuilder text = new StringBuilder(length + 64);
        while (text.length() < length) {
            int rank = (int) Math.pow(WORDS, random.nextDouble()) - 1;
            text.append(words[rank]);
            int kind = random.nextInt(60);
            if (kind < ENDS.length) {
                text.append(ENDS[kind]);
            } else if (kind == ENDS.length) {
                text.append(" (").append(1800 + random.nextInt(230)).append(") ");
            } else if (kind == ENDS.length + 1) {
                text.append(" \"").append(words[random.nextInt(500)]).append("\" ");
            } else {
                text.append(' ');
            }
        }
        return text.toString();
    }
}
