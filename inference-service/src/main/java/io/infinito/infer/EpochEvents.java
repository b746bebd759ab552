package io.infinito.infer;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.infer.model.ModelFollower;
import io.infinito.training.v1.EpochCompleted;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/**
 * Tells the follower that a new best model may be there. The store is what counts: an event that is lost or cannot be read costs one poll
 * interval and nothing else, so it is not kept in a dead-letter topic either, where every replica would put its own copy.
 */
@ApplicationScoped
public class EpochEvents {
    private static final Logger LOG = Logger.getLogger(EpochEvents.class);

    private final ModelFollower follower;

    /** Called by the container. */
    public EpochEvents(ModelFollower follower) {
        this.follower = follower;
    }

    /** Takes one record of {@code train.epochs}. */
    @Incoming("epochs-in")
    public void epochCompleted(String json) {
        try {
            EpochCompleted event =
                    ProtoJson.parseLenient(json, EpochCompleted.newBuilder()).build();
            // Whether or not the best one has moved: a look is cheap, and the last one may have.
            if (event.getModelName().equals(follower.modelName())) {
                follower.checkSoon();
            }
        } catch (InvalidJsonException e) {
            LOG.warnf("train.epochs has a record that is passed over: %s", e.getMessage());
        }
    }
}
