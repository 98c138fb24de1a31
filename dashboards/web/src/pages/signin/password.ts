/** The fewest characters of a password, as the gateway asks for. */
export const SHORTEST = 12;
