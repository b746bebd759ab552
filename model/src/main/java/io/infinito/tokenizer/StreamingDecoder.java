package io.infinito.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Ids to text one by one, as they are generated. A character whose bytes are spread over several tokens comes out with the last of
 * them; what comes out, put together, equals {@link Vocabulary#decode} of all ids. Of use to one thread.
 */
public final class StreamingDecoder {
    private final Vocabulary vocabulary;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    /** The bytes of a character that is not complete yet: three at most. */
    private byte[] pending = new byte[0];

    /** Starts with no text. */
    public StreamingDecoder(Tokenizer tokenizer) {
        this(tokenizer.vocabulary());
    }

    /** Starts with no text. */
    public StreamingDecoder(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /**
     * The text that becomes complete with this id; often empty inside of a character.
     *
     * @throws IllegalArgumentException if the id is not in the vocabulary
     */
    public String append(int id) {
        byte[] token = vocabulary.require(id);
        ByteBuffer bytes = ByteBuffer.allocate(pending.length + token.length);
        bytes.put(pending).put(token).flip();
        CharBuffer text = CharBuffer.allocate(bytes.remaining() + 1);
        CoderResult result = utf8.decode(bytes, text, false);
        require(result);
        pending = new byte[bytes.remaining()];
        bytes.get(pending);
        return text.flip().toString();
    }

    /** What is held back, with U+FFFD for an incomplete character; the decoder starts anew after it. */
    public String flush() {
        ByteBuffer bytes = ByteBuffer.wrap(pending);
        CharBuffer text = CharBuffer.allocate(pending.length + 1);
        require(utf8.decode(bytes, text, true));
        require(utf8.flush(text));
        utf8.reset();
        pending = new byte[0];
        return text.flip().toString();
    }

    private static void require(CoderResult result) {
        if (!result.isUnderflow()) {
            throw new IllegalStateException("no room for the characters of so many bytes: " + result);
        }
    }
}
