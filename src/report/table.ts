import { clean } from '../text.ts'

/** Rows as lines, each column as wide as its widest cell; cells are cleaned, for they may come from outside. */
export const table = (rows: ReadonlyArray<readonly string[]>): string[] => {
  const cleaned = rows.map((row) => row.map((cell) => clean(cell)))
  const width = (column: number) => Math.max(...cleaned.map((row) => row[column]?.length ?? 0))
  return cleaned.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  )
}
