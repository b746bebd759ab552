package io.infinito.infer;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells a method whose call it is and how long it may take. Both are read from the headers, because only one of Quarkus' gRPC servers keeps
 * deadlines, and neither is sure to keep a call's context on the way to a worker thread: this interceptor is the last before the method.
 */
@GlobalInterceptor
@ApplicationScoped
public class Caller implements ServerInterceptor {
    private static final Metadata.Key<String> NAME =
            Metadata.Key.of(ClientName.HEADER, Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> TIMEOUT =
            Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);
    private static final Pattern TIMEOUT_FORMAT = Pattern.compile("(\\d{1,8})([HMSmun])");

    private static final Context.Key<String> CLIENT = Context.key("client");
    private static final Context.Key<Deadline> DEADLINE = Context.key("deadline");

    /** Called by the container. */
    public Caller() {}

    /** Of the current call, for sharing places out. */
    static String name() {
        return Optional.ofNullable(CLIENT.get()).orElse("");
    }

    /** Until the deadline of the current call, if it has one. */
    static Optional<Duration> timeLeft() {
        return Optional.ofNullable(DEADLINE.get()).map(d -> Duration.ofNanos(d.timeRemaining(TimeUnit.NANOSECONDS)));
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String client;
        try {
            String stated = headers.get(NAME);
            client = stated == null ? ClientName.ofAddress(host(call)) : ClientName.ofHeader(stated);
        } catch (IllegalArgumentException e) {
            call.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage()), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        Context context = Context.current().withValue(CLIENT, client);
        Deadline deadline = deadline(headers.get(TIMEOUT));
        return Contexts.interceptCall(
                deadline == null ? context : context.withValue(DEADLINE, deadline), call, headers, next);
    }

    private static String host(ServerCall<?, ?> call) {
        return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress peer
                        && peer.getAddress() != null
                ? peer.getAddress().getHostAddress()
                : "";
    }

    /** From gRPC's header; null if there is none. */
    static Deadline deadline(String timeout) {
        Matcher parts = TIMEOUT_FORMAT.matcher(timeout == null ? "" : timeout);
        if (!parts.matches()) {
            return null;
        }
        TimeUnit unit = switch (parts.group(2).charAt(0)) {
            case 'H' -> TimeUnit.HOURS;
            case 'M' -> TimeUnit.MINUTES;
            case 'S' -> TimeUnit.SECONDS;
            case 'm' -> TimeUnit.MILLISECONDS;
            case 'u' -> TimeUnit.MICROSECONDS;
            case 'n' -> TimeUnit.NANOSECONDS;
            default -> throw new IllegalStateException(timeout);
        };
        return Deadline.after(Long.parseLong(parts.group(1)), unit);
    }
}
