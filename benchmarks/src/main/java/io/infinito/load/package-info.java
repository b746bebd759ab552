/** Load on a running inference-service, from outside: how much it gives, and how long it takes. */
package io.infinito.load;
