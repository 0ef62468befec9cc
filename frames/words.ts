/** Bytes taken four at a time. */
export const BYTES_PER_WORD = 4;

/** The bits of a word that are set where one of its bytes isn't ASCII. */
export const NON_ASCII_IN_WORD = 0x80808080 | 0;
