/** The figures of a run as files that outlive the topics: a JSON history, and event files for TensorBoard. */
package io.infinito.train.history;
