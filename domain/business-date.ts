const BUSINESS_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * Tells whether a text is a business day: `YYYY-MM-DD`, a day that the Gregorian calendar has, years 0001 to 9999.
 *
 * Business days compare and sort as texts.
 */
export function isBusinessDate(text: string): boolean {
  const match = BUSINESS_DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1 || month < 1 || month > 12) return false;
  return day >= 1 && day <= daysInMonth(year, month);
}

/**
 * Counts the days of a month in the Gregorian calendar.
 *
 * @param year full year, such as 2026.
 * @param month 1 to 12.
 * @returns 28 to 31.
 */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
