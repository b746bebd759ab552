package io.infinito.infer;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.grpc.runtime.Interceptors;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.spi.Prioritized;

/**
 * Tells a method that its client has gone, where the gRPC server is the one of HTTP ({@code quarkus.grpc.server.use-separate-server=false}).
 * That server hears of it only while the request is still being sent, which for a call of one message is over at once; and it answers
 * {@code isCancelled} with no, always. The HTTP exchange below it knows when it ends. With the separate server this does nothing.
 */
@GlobalInterceptor
@ApplicationScoped
public class LostCalls implements ServerInterceptor, Prioritized {
    /** Called by the container. */
    public LostCalls() {}

    /** On the event loop, where the exchange can be found: before calls are handed to worker threads. */
    @Override
    public int getPriority() {
        return Interceptors.ROUTING_CONTEXT - 1;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Context context = Vertx.currentContext();
        RoutingContext exchange = context == null ? null : context.getLocal(RoutingContext.class.getName());
        if (exchange == null) {
            return next.startCall(call, headers);
        }
        Watched<Q, A> watched = new Watched<>(call);
        Heard<Q> heard = new Heard<>(next.startCall(watched, headers), watched);
        exchange.addEndHandler(ended -> heard.onCancel());
        return heard;
    }

    /** Knows how it ended. */
    private static final class Watched<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private boolean closed;
        private boolean cancelled;

        Watched(ServerCall<Q, A> call) {
            super(call);
        }

        /** Whether this is the first that is heard of its end. */
        synchronized boolean cancel() {
            boolean first = !closed && !cancelled;
            cancelled |= first;
            return first;
        }

        @Override
        public synchronized boolean isCancelled() {
            return cancelled;
        }

        @Override
        public void sendMessage(A message) {
            // Nobody is there to read it.
            if (!isCancelled()) {
                super.sendMessage(message);
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                if (cancelled) {
                    return;
                }
                closed = true;
            }
            super.close(status, trailers);
        }
    }

    /** Hears of the end once, from whichever side. */
    private static final class Heard<Q> extends SimpleForwardingServerCallListener<Q> {
        private final Watched<?, ?> call;

        Heard(ServerCall.Listener<Q> listener, Watched<?, ?> call) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onCancel() {
            if (call.cancel()) {
                super.onCancel();
            }
        }
    }
}
