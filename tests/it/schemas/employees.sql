-- ref: dept_emp.emp_no dept_manager.emp_no titles.emp_no salaries.emp_no
CREATE TABLE employees (emp_no INT AUTO_INCREMENT PRIMARY KEY, birth_date DATE, first_name VARCHAR(14), last_name VARCHAR(16), gender ENUM('M','F'), hire_date DATE,
    UNIQUE (first_name, last_name)) AUTO_INCREMENT = 10001;
CREATE TABLE departments (dept_no CHAR(4) PRIMARY KEY, dept_name VARCHAR(40) NOT NULL UNIQUE);
CREATE TABLE dept_emp (emp_no INT, dept_no CHAR(4), from_date DATE, to_date DATE, PRIMARY KEY (emp_no, dept_no));
CREATE TABLE dept_manager (emp_no INT, dept_no CHAR(4), from_date DATE, to_date DATE, PRIMARY KEY (emp_no, dept_no));
CREATE TABLE titles (emp_no INT, title VARCHAR(50), from_date DATE, to_date DATE, PRIMARY KEY (emp_no, title, from_date));
CREATE TABLE salaries (emp_no INT, salary INT, from_date DATE, to_date DATE, PRIMARY KEY (emp_no, from_date));
CREATE TABLE payroll_runs (run_no INT AUTO_INCREMENT PRIMARY KEY, year INT, month INT, headcount INT, total BIGINT, closed TINYINT(1));
-- data
INSERT INTO employees SELECT 10000 + seq, '1960-01-01', CONCAT('WHO', seq), CONCAT('L', seq % 900), 1 + seq % 2, '1990-01-01' FROM ROWS(3000);
INSERT IGNORE INTO departments SELECT CONCAT('d', LPAD(seq, 3, '0')), CONCAT('Dept ', seq) FROM ROWS(10);
INSERT INTO dept_emp SELECT 10000 + seq, CONCAT('d', LPAD(1 + seq % 9, 3, '0')), '1990-01-01', '9999-01-01' FROM ROWS(3000);
INSERT IGNORE INTO dept_manager SELECT 10000 + seq * 10, CONCAT('d', LPAD(1 + seq % 9, 3, '0')), '1990-01-01', '9999-01-01' FROM ROWS(290);
INSERT INTO titles SELECT 10000 + seq, ELT(1 + seq % 3, 'Engineer', 'Staff', 'Manager'), '1990-01-01', '9999-01-01' FROM ROWS(3000);
INSERT INTO salaries SELECT 10000 + seq, 38000 + seq * 7919 % 60000, '1990-01-01', '1991-01-01' FROM ROWS(3000);
INSERT INTO salaries SELECT 10000 + seq, 39000 + seq * 7919 % 60000, '1991-01-01', '1992-01-01' FROM ROWS(3000);
INSERT INTO payroll_runs SELECT seq, 1990 + seq DIV 12, 1 + seq % 12, 2900 + seq, 100000000 + seq * 7919, 1 FROM ROWS(300);
