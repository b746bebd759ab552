/** A job's objects in the store: checkpoints, the alias that serving follows, the fence of attempts, and what is left of a job. */
package io.infinito.train.checkpoint;
