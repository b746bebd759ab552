package io.infinito.infer;

import java.util.regex.Pattern;

/**
 * Whose request it is, as far as fairness goes: places are shared out by these names. What a client states is taken on trust; a proxy that
 * must not trust sets the header itself.
 */
final class ClientName {
    /** gRPC metadata and HTTP header in which a client states its name. */
    static final String HEADER = "x-client-id";

    private static final int LONGEST = 128;
    private static final Pattern VISIBLE = Pattern.compile("[!-~]+");

    private ClientName() {}

    /**
     * A name that a request states in a header. It never equals an address.
     *
     * @throws IllegalArgumentException if it is too long, or has other characters than the visible ones of ASCII
     */
    static String ofHeader(String stated) {
        bounded(HEADER, stated);
        if (!VISIBLE.matcher(stated).matches()) {
            throw new IllegalArgumentException(HEADER + " must be visible ASCII characters without spaces");
        }
        return "id:" + stated;
    }

    /**
     * A name that a body states in OpenAI's {@code user}.
     *
     * @throws IllegalArgumentException if it is too long
     */
    static String ofUser(String stated) {
        bounded("user", stated);
        return "user:" + stated;
    }

    /** The name of whoever states none. */
    static String ofAddress(String host) {
        return "address:" + host;
    }

    private static void bounded(String field, String stated) {
        if (stated.isEmpty() || stated.length() > LONGEST) {
            throw new IllegalArgumentException(
                    field + " has " + stated.length() + " characters, 1 to " + LONGEST + " are allowed");
        }
    }
}
