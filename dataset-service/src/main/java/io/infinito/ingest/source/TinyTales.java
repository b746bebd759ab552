package io.infinito.ingest.source;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A corpus of short tales in plain English, told by the grammar in {@code tiny-tales.txt}: something real to learn without any download.
 * One tale is a paragraph, with a blank line between two. The same version tells the same tales everywhere.
 */
final class TinyTales {
    /** As an address names it. */
    static final String NAME = "tiny-tales";

    private static final String GRAMMAR = "tiny-tales.txt";
    private static final int TRAIN_TALES = 820;
    private static final int OTHER_TALES = 45;
    private static final Pattern SLOT = Pattern.compile("\\{([a-z]+)(\\d*)(?:\\.(\\d))?}");
    /** Not after the quotation of a question or exclamation: there, who said it follows. */
    private static final Pattern SENTENCE_START =
            Pattern.compile("(?:^\"?|[.!?] \"?|[.]\" |(?:said|say|asked), \")[a-z]");

    private static final Pattern BEFORE_VOWEL = Pattern.compile("\\b([Aa]) (?=[aeiou])");

    private final Map<String, List<String>> lists = new HashMap<>();
    private final List<List<Beat>> plots = new ArrayList<>();

    private TinyTales(BufferedReader grammar) throws IOException {
        for (String line = grammar.readLine(); line != null; line = grammar.readLine()) {
            if (line.startsWith("list ")) {
                int colon = line.indexOf(':');
                lists.put(line.substring("list ".length(), colon), alternatives(line.substring(colon + 1)));
            } else if (line.startsWith("plot ")) {
                plots.add(new ArrayList<>());
            } else if (!line.isBlank() && !line.startsWith("#")) {
                boolean optional = line.startsWith("? ");
                plots.get(plots.size() - 1).add(new Beat(optional, alternatives(optional ? line.substring(2) : line)));
            }
        }
    }

    /**
     * The tales in their splits.
     *
     * @throws SourceException if there are rules for files: there are none
     */
    static Corpus corpus(CorpusRules rules) throws IOException {
        if (rules.splits().hasPatterns()) {
            throw new SourceException("dataset.split: builtin:" + NAME
                    + " has splits of its own and no files that patterns could be for");
        }
        // A tale is a document; the blank lines make room for the separator.
        String separator = rules.documentSeparator();
        RowConvention convention = separator.isEmpty() ? RowConvention.AS_WRITTEN : new RowConvention(true, separator);
        long bytes = 0;
        for (Split split : Split.values()) {
            bytes += rows(split).stream().mapToLong(String::length).sum();
        }
        return new Corpus(fingerprint(), convention, OptionalLong.of(bytes), sink -> {
            for (Split split : Split.values()) {
                for (String row : rows(split)) {
                    sink.accept(split, new TextRun(row, true, true));
                }
            }
        });
    }

    /** Differs from that of a version that tells other tales. */
    static String fingerprint() throws IOException {
        MessageDigest digest = FileHash.sha256();
        for (Split split : Split.values()) {
            rows(split).forEach(row -> digest.update(row.getBytes(StandardCharsets.UTF_8)));
        }
        return NAME + " " + HexFormat.of().formatHex(digest.digest());
    }

    /** The tales of a split, a line for each and a blank one between two. */
    static List<String> rows(Split split) throws IOException {
        TinyTales grammar = read();
        Random random = new Random(seed(split));
        int tales = split == Split.TRAIN ? TRAIN_TALES : OTHER_TALES;
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < tales; i++) {
            if (i > 0) {
                rows.add("\n");
            }
            rows.add(grammar.tale(random) + "\n");
        }
        return rows;
    }

    /** Another one for each split, so that none repeats another's sequence of tales. */
    private static long seed(Split split) {
        return switch (split) {
            case TRAIN -> 17;
            case VALIDATION -> 1_000_020;
            case TEST -> 2_000_023;
        };
    }

    private static TinyTales read() throws IOException {
        try (InputStream grammar = TinyTales.class.getResourceAsStream(GRAMMAR)) {
            if (grammar == null) {
                throw new IOException(GRAMMAR + " is not beside " + TinyTales.class);
            }
            return new TinyTales(new BufferedReader(new InputStreamReader(grammar, StandardCharsets.UTF_8)));
        }
    }

    private String tale(Random random) {
        List<Beat> plot = plots.get(random.nextInt(plots.size()));
        Map<String, String> chosen = new HashMap<>();
        List<String> sentences = new ArrayList<>();
        for (Beat beat : plot) {
            if (beat.optional() && random.nextBoolean()) {
                continue;
            }
            String alternative = pick(beat.alternatives(), random);
            String sentence = SLOT.matcher(alternative).replaceAll(slot -> word(slot, chosen, random));
            sentences.add(SENTENCE_START.matcher(sentence).replaceAll(TinyTales::withCapital));
        }
        return BEFORE_VOWEL.matcher(String.join(" ", sentences)).replaceAll("$1n ");
    }

    private String word(MatchResult slot, Map<String, String> chosen, Random random) {
        String list = slot.group(1);
        String name = list + slot.group(2);
        String word = chosen.get(name);
        if (word == null) {
            List<String> free = lists.get(list).stream()
                    .filter(candidate -> chosen.entrySet().stream()
                            .noneMatch(other -> other.getValue().equals(candidate) && isOf(list, other.getKey())))
                    .toList();
            word = pick(free, random);
            chosen.put(name, word);
        }
        int form = slot.group(3) == null ? 0 : Integer.parseInt(slot.group(3));
        return Matcher.quoteReplacement(word.split("/", -1)[form]);
    }

    private static boolean isOf(String list, String slot) {
        return slot.replaceFirst("\\d+$", "").equals(list);
    }

    private static String withCapital(MatchResult start) {
        String found = start.group();
        return Matcher.quoteReplacement(
                found.substring(0, found.length() - 1) + Character.toUpperCase(found.charAt(found.length() - 1)));
    }

    private static String pick(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }

    private static List<String> alternatives(String text) {
        return List.of(text.strip().split(" *\\| *", -1));
    }

    /** A step of a plot. */
    private record Beat(boolean optional, List<String> alternatives) {}
}
