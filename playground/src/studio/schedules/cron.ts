// A cron expression in words: `30 2 * * MON-FRI` is "every weekday at 02:30".
//
// The rule: words are given only where they say exactly what the expression says. For anything else there are none, and
// the page says so; the server reads the expression when it is saved and tells its next firings.

interface Field {
  low: number;
  high: number;
  names?: string[];
}

const FIELDS: Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: ['', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  { low: 0, high: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];
const WEEK = 4;

const SHORTHANDS: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The numbers that a field names, in order; undefined where it is not read here. */
function valuesOf(text: string, at: number): number[] | undefined {
  const { low, high, names } = FIELDS[at] as Field;
  const number = (part: string) => {
    const named = names?.indexOf(part) ?? -1;
    const value = named >= 0 && part !== '' ? named : /^\d{1,2}$/.test(part) ? Number(part) : Number.NaN;
    return value >= low && value <= high ? value : undefined;
  };
  const values = new Set<number>();
  for (const item of text.toUpperCase().split(',')) {
    const [, star, first, last, step] = /^(?:(\*)|([A-Z\d]+)(?:-([A-Z\d]+))?)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
    const by = step === undefined ? 1 : Number(step);
    if (by === 0 || (!star && first === undefined) || (step !== undefined && !star && last === undefined)) {
      return undefined;
    }
    const from = star ? low : number(first as string);
    let to = star ? (at === WEEK ? 6 : high) : last === undefined ? from : number(last);
    if (from === undefined || to === undefined) {
      return undefined;
    }
    // A range that ends on Sunday ends with the week.
    if (at === WEEK && to === 0 && from > 0) {
      to = 7;
    }
    if (to < from) {
      return undefined;
    }
    for (let value = from; value <= to; value += by) {
      values.add(at === WEEK ? value % 7 : value);
    }
  }
  return [...values].sort((one, other) => one - other);
}

const two = (value: number) => String(value).padStart(2, '0');
const clock = (hour: number, minute: number) => `${two(hour)}:${two(minute)}`;
const isRun = (values: number[]) => values.every((value, at) => at === 0 || value === (values[at - 1] as number) + 1);

function list(words: string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

function ordinal(day: number): string {
  const ending = day > 10 && day < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${ending}`;
}

/** The step of values that go from 0 to the end of their range in equal steps. */
function stepOf(values: number[], size: number): number | undefined {
  const step = values.length > 1 ? (values[1] as number) : 0;
  const isEven =
    step > 1 && size % step === 0 && values.length === size / step && values.every((value, at) => value === at * step);
  return isEven ? step : undefined;
}

/** `at 02:30`, `every 15 minutes`. */
function timeWords(minutes: number[], hours: number[]): string | undefined {
  const [firstHour = 0, lastHour = 0] = [hours[0], hours[hours.length - 1]];
  const [minute = 0] = minutes;
  const step = minutes.length === 60 ? 1 : stepOf(minutes, 60);
  if (step !== undefined) {
    const each = step === 1 ? 'every minute' : `every ${step} minutes`;
    if (hours.length === 24) {
      return each;
    }
    return isRun(hours) ? `${each} from ${clock(firstHour, 0)} to ${clock(lastHour, 60 - step)}` : undefined;
  }
  if (minutes.length === 1 && hours.length === 24) {
    return minute === 0
      ? 'every hour on the hour'
      : `every hour at ${minute} ${minute === 1 ? 'minute' : 'minutes'} past`;
  }
  if (minutes.length * hours.length <= 4) {
    return `at ${list(hours.flatMap((hour) => minutes.map((it) => clock(hour, it))))}`;
  }
  if (minutes.length === 1) {
    const hourStep = stepOf(hours, 24);
    if (hourStep !== undefined) {
      return `every ${hourStep} hours from ${clock(0, minute)}`;
    }
    return isRun(hours) ? `every hour from ${clock(firstHour, minute)} to ${clock(lastHour, minute)}` : undefined;
  }
  return undefined;
}

function monthWords(months: number[]): string | undefined {
  const names = months.map((month) => MONTHS[month - 1] as string);
  if (months.length > 3 && isRun(months)) {
    return `${names[0]} to ${names[names.length - 1]}`;
  }
  return months.length <= 4 ? list(names) : undefined;
}

/** `Mondays and Fridays`, or with `each`: `Monday and Friday`. */
function weekWords(days: number[], each: boolean): string {
  if (days.join() === '1,2,3,4,5') {
    return each ? 'weekday' : 'weekdays';
  }
  const fromMonday = [...days].sort((one, other) => ((one + 6) % 7) - ((other + 6) % 7));
  return list(fromMonday.map((day) => `${DAYS[day]}${each ? '' : 's'}`));
}

/** The expression in words; undefined where they would not say all. */
export function cronWords(expression: string): string | undefined {
  const text = expression.trim();
  const fields = (SHORTHANDS[text.toLowerCase()] ?? text).split(/\s+/);
  const read = fields.map((field, at) => (at < FIELDS.length ? valuesOf(field, at) : undefined));
  if (fields.length !== FIELDS.length || read.some((values) => values === undefined)) {
    return undefined;
  }
  const [minutes, hours, dates, months, weekdays] = read as [number[], number[], number[], number[], number[]];
  const time = timeWords(minutes, hours);
  const month = months.length === 12 ? '' : monthWords(months);
  if (time === undefined || month === undefined) {
    return undefined;
  }
  const isAt = time.startsWith('at ');
  const inMonth = month === '' ? '' : ` in ${month}`;
  if (dates.length === 31) {
    if (weekdays.length === 7) {
      return isAt ? `every day${inMonth} ${time}` : `${time}${inMonth}`;
    }
    return isAt
      ? `every ${weekWords(weekdays, true)}${inMonth} ${time}`
      : `${time} on ${weekWords(weekdays, false)}${inMonth}`;
  }
  if (dates.length > 4 && !isRun(dates)) {
    return undefined;
  }
  const dated =
    dates.length > 3 && isRun(dates)
      ? `${ordinal(dates[0] as number)} to ${ordinal(dates[dates.length - 1] as number)}`
      : list(dates.map(ordinal));
  const date = `on the ${dated} of ${month === '' ? 'every month' : month}`;
  if (weekdays.length === 7) {
    return isAt ? `${date} ${time}` : `${time} ${date}`;
  }
  // Both fields of days are restricted: either fires, unless one begins with a star.
  const isBoth = (fields[2] as string).startsWith('*') || (fields[WEEK] as string).startsWith('*');
  const days = isBoth
    ? `${date} when it is a ${weekWords(weekdays, true).replace(' and ', ' or ')}`
    : `${date} and on ${weekWords(weekdays, false)}${inMonth}`;
  return isAt ? `${days}, ${time}` : `${time}, ${days}`;
}
