package io.infinito.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where {@link PieceCutter} may cut a text without a change of a tokenizer's ids. Read from the {@code tokenizer.json}: what is not
 * known to be safe is {@link #NOWHERE}.
 */
public enum CutRule {
    /** At all of its places: the pre-tokenizer is GPT-2's. */
    ANYWHERE,
    /**
     * Before a space that a letter follows: a byte-level tokenizer that splits the text first with a pattern by which no word goes on
     * after a visible character with a space.
     */
    BEFORE_SPACED_WORDS,
    /** The text must stay whole. */
    NOWHERE;

    private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String CL100K_TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    /** By each of them "letter, space, letter" is divided before the space, whatever stands around it. */
    private static final Set<String> PATTERNS = Set.of(
            // GPT-2
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            // cl100k, Llama 3
            CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + CL100K_TAIL,
            // Qwen 2
            CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + CL100K_TAIL,
            // o200k
            "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTION + "?|[^\\r\\n\\p{L}\\p{N}]?" + UPPER
                    + "+" + LOWER
                    + "*" + CONTRACTION
                    + "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    /** An added token with a place to cut in it. */
    private static final Pattern SPACE_INSIDE = Pattern.compile("[^ ] ");

    /**
     * Whether a piece that {@link PieceCutter} made may have been cut where it starts.
     *
     * @param index the place of the piece in its text; the first, 0, always may
     */
    public boolean mayStart(String piece, long index) {
        if (index == 0) {
            return true;
        }
        return switch (this) {
            case ANYWHERE -> true;
            case BEFORE_SPACED_WORDS ->
                piece.length() > 1
                        && piece.charAt(0) == ' '
                        && CharacterClass.of(piece.codePointAt(1)) == CharacterClass.LETTER;
            case NOWHERE -> false;
        };
    }

    /** The rule of a {@code tokenizer.json}. */
    static CutRule of(JsonNode tokenizer) {
        JsonNode model = tokenizer.path("model");
        boolean wordByWord = model.path("type").asText("BPE").equals("BPE") && absent(model.path("dropout"));
        JsonNode preTokenizer = tokenizer.path("pre_tokenizer");
        if (!wordByWord || !(absent(tokenizer.path("normalizer")) || composes(tokenizer.path("normalizer")))) {
            return NOWHERE;
        }
        boolean onlyEndOfText = true;
        for (JsonNode added : tokenizer.path("added_tokens")) {
            String content = added.path("content").asText();
            onlyEndOfText &= content.equals("<|endoftext|>") && !reaches(added);
            if (reaches(added) || SPACE_INSIDE.matcher(content).find()) {
                return NOWHERE;
            }
        }
        if (isGpt2(preTokenizer)) {
            return onlyEndOfText && absent(tokenizer.path("normalizer")) ? ANYWHERE : BEFORE_SPACED_WORDS;
        }
        return splitsBeforeSpacedWords(preTokenizer) ? BEFORE_SPACED_WORDS : NOWHERE;
    }

    /** Whether an added token looks at, or takes in, what stands beside it. */
    private static boolean reaches(JsonNode added) {
        return added.path("lstrip").asBoolean()
                || added.path("rstrip").asBoolean()
                || added.path("single_word").asBoolean();
    }

    /** Composition does not reach over a space into letters. */
    private static boolean composes(JsonNode normalizer) {
        return normalizer.path("type").asText().equals("NFC");
    }

    private static boolean isGpt2(JsonNode preTokenizer) {
        return isByteLevel(preTokenizer) && preTokenizer.path("use_regex").asBoolean(true);
    }

    private static boolean isByteLevel(JsonNode preTokenizer) {
        return preTokenizer.path("type").asText().equals("ByteLevel")
                && !preTokenizer.path("add_prefix_space").asBoolean(true);
    }

    private static boolean splitsBeforeSpacedWords(JsonNode preTokenizer) {
        if (!preTokenizer.path("type").asText().equals("Sequence")) {
            return false;
        }
        boolean splits = false;
        boolean byteLevel = false;
        for (JsonNode part : preTokenizer.path("pretokenizers")) {
            // What stands after the bytes have become letters would look at those.
            if (byteLevel) {
                return false;
            }
            if (isSplit(part)) {
                splits = true;
            } else if (isByteLevel(part)) {
                byteLevel = true;
                splits |= isGpt2(part);
            } else if (!part.path("type").asText().equals("Digits")) {
                return false;
            }
        }
        return splits && byteLevel;
    }

    private static boolean isSplit(JsonNode part) {
        boolean keepsMatches = part.path("behavior").asText().equals("Isolated")
                || (part.path("behavior").asText().equals("Removed")
                        && part.path("invert").asBoolean());
        return part.path("type").asText().equals("Split")
                && keepsMatches
                && PATTERNS.contains(part.path("pattern").path("Regex").asText());
    }

    private static boolean absent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }
}
