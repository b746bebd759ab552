package io.infinito.infer;

import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import jakarta.enterprise.context.ApplicationScoped;

/** From the name in a request to the model that answers it. */
@ApplicationScoped
public class ServedModel {
    private static final int LONGEST_NAME = 256;
    private static final String BEST = "best";

    private final ModelFollower follower;

    /** Called by the container. */
    public ServedModel(ModelFollower follower) {
        this.follower = follower;
    }

    /**
     * The model in service.
     *
     * @param name empty, the name that is followed, {@code best}, or the name with {@code @best} or {@code @} and the loaded version
     * @return with one user more, who releases it
     * @throws ModelUnavailableException if another one is named, or none is loaded
     */
    LoadedModel acquire(String name) throws ModelUnavailableException {
        if (name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    "model has " + name.length() + " characters, at most " + LONGEST_NAME + " are allowed");
        }
        String followed = follower.modelName();
        int at = name.indexOf('@');
        String base = at < 0 ? name : name.substring(0, at);
        String version = at < 0 ? BEST : name.substring(at + 1);
        if (!base.equals(followed) && !name.isEmpty() && !name.equals(BEST)) {
            throw new ModelUnavailableException(
                    "model=" + name + " is not served here; leave it empty or use " + followed, false);
        }
        LoadedModel model = follower.acquire()
                .orElseThrow(
                        () -> new ModelUnavailableException("model: none is loaded yet: " + follower.obstacle(), true));
        String loaded = model.identity().version();
        if (!version.equals(BEST) && !version.equals(loaded)) {
            model.release();
            throw new ModelUnavailableException(
                    "model=" + name + " is not served here; " + followed + "@" + loaded + " is loaded", false);
        }
        return model;
    }
}
